"""A counter at which keys are handed out: the program that has to do as the desk says."""


class Refused(Exception):  # noqa: N818 - what it is called in this program
    """A call that the counter does not do."""


class Counter:
    """Who has which key."""

    def __init__(self, keys):
        self.keys = keys
        self.given = {}

    def hand_out(self, person, key):
        if key in self.given:
            raise Refused("out already")
        if person in self.given.values():
            raise Refused("has one already")
        self.given[key] = person

    def take_back(self, person, key):
        if self.given.get(key) != person:
            raise Refused("not theirs")
        del self.given[key]
