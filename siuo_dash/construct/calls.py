"""Who may ask, and when: of each model the first call goes alone; a budget or a wrong key ends it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio

from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.asking import Ask, NotAnswered, Progress, Stop, Stopped, overspent, refusal, words_of
from siuo_dash.evaluate.budget import Usage
from siuo_dash.evaluate.plan import Operation


class Calls:
    """The one place where calls are admitted and counted.

    options: {model: its option on the command line}. progress: what is counted; its usage is what was used before.
    """

    def __init__(
        self, operation: Operation, options: Mapping[str, str], progress: Progress, tell: Callable[[Progress], None]
    ) -> None:
        self.operation = operation
        self.options = options
        self.progress = progress
        self.stop: Stop | None = None
        self.failed: dict[str, str] = {}  # {what a call was about: why it failed}
        self._tell = tell
        self._open: dict[str, anyio.Event] = {}
        self._heard: set[str] = set()

    def begin(self) -> None:
        """Begin a pass, in an event loop of its own."""
        self._open = {}
        self.failed = {}
        self._look_at_the_budget()

    async def answer(
        self,
        ask: Ask,
        of: tuple[str, str],
        model: str,
        prompt: str,
        picture: str,
        *,
        max_tokens: int,
        temperature: float | None,
    ) -> Answer:
        """One answer; NotAnswered where this call failed for good, Stopped where nothing may be asked any more.

        of: (what the call is about, the step), to name it where it fails.
        """
        if (others := self._open.get(model)) is not None:
            await others.wait()
        if self.stop is not None:
            raise Stopped(self.stop.words)
        opened = self._open.setdefault(model, anyio.Event())  # not before: what is stopped opens nothing
        try:
            answer = await ask(model, prompt, picture, max_tokens=max_tokens, temperature=temperature)
        except Exception as error:  # whatever a provider's library raises is one call that failed
            raise self._failure(of, model, error) from error
        finally:
            opened.set()
        self._heard.add(model)
        self.progress.usage.setdefault(model, Usage()).add(answer)
        self._look_at_the_budget()
        return answer

    def retrying(self, model: str) -> None:
        """A call is tried again: somebody is there, so the others need not wait. model: without its provider."""
        self.progress.retries += 1
        for name, event in self._open.items():
            if f"/{name}".endswith(f"/{model}"):
                event.set()
        self.show()

    def end(self, stop: Stop) -> None:
        """Ask nothing any more."""
        self.stop = self.stop or stop
        for event in self._open.values():
            event.set()

    def show(self) -> None:
        """Tell how far it is."""
        self.progress.failed = len(self.failed)
        self._tell(self.progress)

    def _failure(self, of: tuple[str, str], model: str, error: Exception) -> Exception:
        reason = words_of(error)
        refused = refusal(f"{self.options[model]} {model}", error, was_heard=model in self._heard)
        if refused is not None:
            self.end(refused)
            return Stopped(reason)
        self.failed[of[0]] = f"{of[1]}: {reason}"
        self.show()
        return NotAnswered(reason)

    def _look_at_the_budget(self) -> None:
        if (spent := overspent(self.progress, self.operation)) is not None:
            self.end(spent)
