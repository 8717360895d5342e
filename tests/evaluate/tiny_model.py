"""Makes a vision-language model with random weights in a folder: LLaVA's own architecture, about 380,000 parameters.

Run by the Python of `make engine`, which has torch and transformers: python tiny_model.py FOLDER TEXT. The tokenizer is
trained on TEXT; nothing is downloaded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
SIDE = 56
CHAT = (
    "{% for m in messages %}{{ m['role'] }}: {% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<image>{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}assistant:"
)


def tokenizer(text: str) -> Any:
    # Only the environment of `make engine` has these.
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        text.splitlines(), trainers.BpeTrainer(vocab_size=2000, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    names = dict(zip(("unk_token", "bos_token", "eos_token", "pad_token"), SPECIAL, strict=False))
    more = {"extra_special_tokens": {"image_token": SPECIAL[-1]}, "model_max_length": 2048, "chat_template": CHAT}
    return PreTrainedTokenizerFast(tokenizer_object=made, **names, **more)


def model(words: Any) -> Any:
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    ids = {name: words.convert_tokens_to_ids(name) for name in SPECIAL}
    special = {"bos_token_id": ids["<s>"], "eos_token_id": ids["</s>"], "pad_token_id": ids["<pad>"]}
    language = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        **special,
    )
    seeing = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, image_size=SIDE, patch_size=14
    )
    whole = LlavaConfig(
        text_config=language,
        vision_config=seeing,
        image_token_index=ids["<image>"],
        vision_feature_select_strategy="default",
        vision_feature_layer=-2,
        image_seq_length=(SIDE // 14) ** 2,
    )
    torch.manual_seed(1)
    made = LlavaForConditionalGeneration(whole)
    made.generation_config.update(**special, do_sample=True)
    return made


def main(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    words = tokenizer(text)
    words.save_pretrained(folder)
    model(words).save_pretrained(folder)
    size: Any = {"height": SIDE, "width": SIDE}
    pictures: dict[str, Any] = {
        "image_processor_type": "CLIPImageProcessor",
        "crop_size": size,
        "size": {"shortest_edge": SIDE},
    }
    pictures |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_convert_rgb": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))
    parts = {"processor_class": "LlavaProcessor", "patch_size": 14, "vision_feature_select_strategy": "default"}
    parts |= {"image_token": SPECIAL[-1], "num_additional_image_tokens": 1}
    (folder / "processor_config.json").write_text(json.dumps(parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8"))
