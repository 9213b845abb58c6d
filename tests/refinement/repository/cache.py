"""A page cache: the user's own program, which knows nothing of specifications."""


class Denied(Exception):  # noqa: N818 - what it is called in this program
    """A call that the cache does not do."""


class Cache:
    """Pages by number; processes by name."""

    def __init__(self, pages):
        self.count = dict.fromkeys(range(pages), 0)
        self.users = {page: set() for page in range(pages)}
        self.bill = {}

    def take(self, process, page):
        if self.count[page]:
            raise Denied("in use")
        self.count[page] = 1
        self.users[page].add(process)
        self.bill[page] = process

    def share(self, process, other, page):
        if process not in self.users[page]:
            raise Denied("not yours")
        if other in self.users[page]:
            raise Denied("has it")
        self.count[page] += 1
        self.users[page].add(other)

    def drop(self, process, page):
        if process not in self.users[page]:
            raise Denied("not yours")
        self.users[page].remove(process)
        self.count[page] -= 1
        if self.count[page] == 0:
            del self.bill[page]
