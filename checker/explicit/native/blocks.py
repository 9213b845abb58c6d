"""The two blocks of 64-bit words through which Python and the native runtime speak to each other.

A *control* block belongs to a search and is shared by its workers; a *worker* block belongs to one
thread. Each constant is the number of a word. Words that several threads write by atomic operations
have a cache line of their own. Addresses are plain integers.
"""

from __future__ import annotations

# Control: written by threads ------------------------------------------------------------

TAKE = 0  # the next index that no worker has claimed
NEXT = 8  # the next free index of the state array
STOP = 16  # nonzero asks every worker to return soon

# Control: written by Python, and by the only worker of a solo run -------------------------

FIRST_FIELD = 24
STATES = 24  # address of the packed states, u64[words] each
PARENTS = 25  # address of the parents, u32 each
ACTIONS = 26  # address of the action numbers, u16 each
SLOTS = 27  # address of the slot table, u64 each
SIZE = 28  # number of slots
WORDS = 29  # words of a packed state
BITS = 30  # words of a property set
HI = 31  # the end of the range of indices to expand
FULL = 32  # workers return when NEXT has come here
CHUNK = 33  # indices that a worker takes at a time
SUCCESSORS = 34  # addresses of the kernel's functions
VIOLATED = 35
CANONICAL = 36  # zero where states represent themselves
OBSERVE = 37
HOLDS_GOAL = 38
MASK = 39  # the variants that are on
LEVELS = 40  # address where a solo run notes the ends of the levels that it finished
LEVEL_COUNT = 41
LEVEL_LIMIT = 42  # a solo run returns after so many levels
SOLO = 43  # nonzero: one worker, which goes on to the next level by itself
SOLO_WIDTH = 44  # a solo run returns before a level wider than this
SEEN_BITS = 45  # words of a coverage set
SOURCE = 46  # address of states that come from elsewhere
SOURCE_PARENTS = 47  # address of their parents, to skip holes; zero where there are none
EDGE_OFFSETS = 48  # address of the offsets of the predecessor lists, i64 each
EDGE_TARGETS = 49  # address of the predecessor lists, u32 each
MARKED = 50  # address of one byte per state: whether it reaches the goal
QUEUE = 51  # address of the states still to go back from, u32 each
QUEUE_HEAD = 52
QUEUE_TAIL = 53
GOAL = 54  # the number of the goal predicate
SEED = 55  # of a simulation
WALK_DEPTH = 56  # the largest number of steps of one walk
SOURCE_COUNT = 57
RECORD = 58  # address where one walk is written down: states; zero while walking for real
RECORD_ACTIONS = 59
OLD_SIZE = 60  # slots of the table that is being spread
SCAN = 61  # its next line to move, from the last one down
LOW = 62  # lines below this one are moved out first, by their states
REACH = 63  # lines from home within which `spread` finds an entry's home
OVERLONG = 64  # nonzero: an entry stands farther from home
LOW_SLOTS = 65  # address of the buffer for their entries
LOW_COUNT = 66
GOAL_MARKS = 67  # address of a set of marks that count as the goal
WALK_LIMIT = 68  # walks with smaller numbers are walked
WALK_STRIDE = 69  # numbers of walks are dealt out to the workers in turn
CONTROL_WORDS = 72

# Worker ---------------------------------------------------------------------------------

AT = 0  # the next index of the worker's chunk
END = 1  # the end of the chunk
CLAIM = 2  # what is left of the range that it has claimed
CLAIM_END = 3
TRANSITIONS = 4
NEW = 5  # distinct states that it has found
FOUND = 6  # nonzero: some property has a first index
OUT = 7  # address of successors, u64[words] each
OUT_ACTIONS = 8  # address of their action numbers
HASHES = 9  # address of their hashes
SOURCES = 10  # address of the indices they come from
MEMBERS = 11  # address of the indices in the batch
PENDING = 12  # address of the set of undecided state properties
HITS = 13  # address of the set that the kernel's `violated` fills
MARKS = 14  # address of the set (and count of steps without successor) that `successors` fills
OPEN = 15  # address of the set of undecided transition properties
FIRST = 16  # address of the first index for each property, -1 while there is none
SPARE_MARKS = 17  # address of a second set like MARKS
SEEN = 18  # address of the coverage set
WALK = 19  # the number of the walk
STEPS = 20  # steps that it has walked
FIRST_STEP = 21  # address of the step of the walk, for each property in FIRST
LONGEST = 22  # the length of its longest walk
CURRENT = 23  # address of the state of a walk
WALKS = 24  # walks that it has ended
WORKER_WORDS = 32

# Marks in the arrays ----------------------------------------------------------------------

ROOT = 0xFFFFFFFF  # the parent of an initial state
HOLE = 0xFFFFFFFE  # the parent of an index that holds no state
CAPACITY = 0xFFFFFFFE  # so many states have an index that is neither
NO_ACTION = 0xFFFF

# Batches ----------------------------------------------------------------------------------

BATCH_STATES = 64  # states whose successors are made before any is looked up
BATCH_SUCCESSORS = 256  # and a bound on these successors, so that what is prefetched stays cached
CLAIM_SIZE = 64
