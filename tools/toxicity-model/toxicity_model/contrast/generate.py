"""Generates sentences from all templates, every group equally often in toxic and in harmless ones."""

import random
import re

from .catalogue import CATALOGUE
from .deck import Decks
from .fill import chosen, filled, slots, values_for
from .french import Noun
from .groups import ALL_GROUPS
from .registers import in_some_register
from .sentence import Sentence
from .template import Template

TRIES = 60


def generate(seed: int, per_template: int) -> list[Sentence]:
    """Up to `per_template` sentences of each template, and a few more that make the groups' counts equal."""
    return _Generator(seed).run(per_template)


class _Generator:
    """One run: what has been written and which words have been used."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.decks = Decks(self.rng)
        self.sentences: list[Sentence] = []
        self.seen: set[str] = set()

    def run(self, per_template: int) -> list[Sentence]:
        for _ in range(per_template):
            for template in self.rng.sample(CATALOGUE, len(CATALOGUE)):
                self.add(template, None)
        self.level()
        return self.sentences

    def add(self, template: Template, group: Noun | None) -> bool:
        """Writes one more sentence, about the group if one is given; False if no new one is found."""
        for tries in range(TRIES):
            pattern = chosen(template.pattern, self.rng)
            values = {}
            for slot in slots(pattern):
                allowed = values_for(slot)
                values[slot.name] = group if group in allowed else self.decks.draw(template.label, allowed, tries)
            text = filled(pattern, values)
            key = " ".join(re.findall(r"\w+", text.lower())) or text
            if key in self.seen or len(set(values.values())) < len(values) or (group and group not in values.values()):
                continue
            self.seen.add(key)
            self.decks.count(template.label, list(values.values()))
            text = in_some_register(text, template.formal, self.rng)
            self.sentences.append(Sentence(template.label, template.test, template.id, text))
            return True
        return False

    def level(self) -> None:
        """Writes about each group until it is in as many toxic as harmless sentences."""
        for label in (0, 1):
            about_one = [template for template in CATALOGUE if template.label == label and _group_slots(template) == 1]
            for group in ALL_GROUPS:
                for template in self.rng.sample(about_one, len(about_one)):
                    if self.decks.used[label, group] >= self.decks.used[1 - label, group]:
                        break
                    self.add(template, group)


def _group_slots(template: Template) -> int:
    """How many groups the template names."""
    return sum(bool(set(values_for(slot)) & set(ALL_GROUPS)) for slot in slots(template.pattern))
