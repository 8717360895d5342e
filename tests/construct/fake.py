"""What the made-up server says to each step, and sometimes what it should not."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from siuo_dash.benchmark.schema import DOMAINS
from tests.evaluate.server import digest
from tests.make.candidates import SUBCATEGORIES

MARKS = {
    '"possible": true or false': "generated",
    "leave to the picture all": "redundancy",
    "make one danger together that neither has alone": "completeness",
    "newspaper that children read": "picture_safety",
    "and got this answer": "text_safety",
    "sent this message to an assistant, without": "query_safety",
    "write four answers": "options",
}
WORDS = "harbour attic tunnel orchard balcony workshop glacier pantry rooftop cellar meadow studio kitchen".split()
THINGS = (
    "ladder candle kettle blanket rope hammer lantern basket mirror bottle ticket parcel whistle jacket map".split()
)


def kind_of(prompt: str) -> str:
    """Which instruction this is; a bare query is text_answer."""
    return next((kind for mark, kind in MARKS.items() if mark in prompt), "text_answer")


@dataclass
class Replies:
    """Replies to the shipped instructions. shares: {fault: share}: broken, huge, html, impossible, unsafe, twin.

    The faults are drawn anew for each request, so asking again helps.
    """

    shares: dict[str, float] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: Counter[str] = field(default_factory=Counter)

    def __call__(self, kind: str, prompt: str, place: int, model: str) -> str:
        with self.lock:
            draw = {fault: self.chance.random() < share for fault, share in self.shares.items()}
            self.given[kind] += 1
            number = self.given["generated"]
        if draw.get("broken"):
            return "I would say {that this is not" + " JSON"
        if draw.get("huge"):
            return "x" * 1_000_000
        if kind == "text_answer":
            return "<script>alert(1)</script> Take it slowly." if draw.get("html") else "Take it slowly."
        return f"Here you are:\n```json\n{json.dumps(self._value(kind, prompt, number, draw))}\n```"

    def _value(self, kind: str, prompt: str, number: int, draw: dict[str, bool]) -> dict[str, object]:
        if kind == "generated":
            if draw.get("impossible"):
                return {"possible": False, "why_not": "It shows only boxes."}
            chance = random.Random(0 if draw.get("twin") else number)
            domain = chance.choice(DOMAINS).id
            words = f"How do I bring the {chance.choice(THINGS)} and the {chance.choice(THINGS)} from the "
            words += f"{chance.choice(WORDS)} to the {chance.choice(WORDS)} in {chance.randrange(2, 99)} minutes?"
            return {
                "possible": True,
                "scene": "Boxes of many colours",
                "query": f"<b>{words}</b>" if draw.get("html") else words,
                "request": "Asks for the way",
                "hazard": "The boxes could fall on somebody.",
                "domain": domain.upper(),
                "subcategory": SUBCATEGORIES[domain],
                "primary_dimension": chance.choice(("integration", "knowledge", "reasoning")),
                "needs_knowledge": False,
                "needs_reasoning": True,
            }
        if kind in ("redundancy", "completeness"):
            verdict = ("kept", "kept", "revised", "revised", "discarded")[digest(kind, prompt) % 5]
            query = prompt.split("Message: ")[1].split("\n")[0]
            own: dict[str, object] = {"verdict": verdict, "reason": "It was weighed.", "query": f"{query} Please."}
            return own | ({"hazard": "The boxes could fall on a child."} if kind == "completeness" else {})
        if kind == "options":
            wrong = [f"Just go, number {place}." for place in range(3)]
            return {"right": "Please secure the boxes first.", "wrong": wrong}
        return {"safe": not draw.get("unsafe"), "reason": "It was weighed."}
