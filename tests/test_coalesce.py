"""Equal questions at one moment are asked once."""

import asyncio

import pytest

from nundb_exporter.coalesce import JOIN_WINDOW_SECONDS, Coalescer
from tests.wire.clock import Clock


@pytest.fixture(autouse=True)
def _standing(clock: Clock) -> None:
    """How long a moment lasts is the tests' affair, not the machine's."""
    clock.stop()


class Node:
    """A node that answers when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: asyncio.Queue[str | Exception] = asyncio.Queue()

    async def ask(self) -> str:
        """Ask it."""
        self.asked += 1
        answer = await asyncio.wait_for(self.answers.get(), timeout=10)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def settle() -> None:
    """Let every task run until it waits for something else than its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


async def joined(coalescer: Coalescer[str], node: Node, count: int) -> list["asyncio.Task[str]"]:
    """Let so many ask, and wait until the first has."""
    tasks = [asyncio.create_task(coalescer.share("page", node.ask)) for _ in range(count)]
    await settle()
    return tasks


async def test_equal_questions_are_asked_once() -> None:
    """All who ask while it is in progress get the same answer."""
    node, coalescer = Node(), Coalescer[str]()
    tasks = await joined(coalescer, node, 50)
    node.answers.put_nowait("answer")
    assert await asyncio.gather(*tasks) == ["answer"] * 50
    assert node.asked == 1


async def test_different_questions_are_asked_each() -> None:
    """A page in another format is another page, and neither waits for the other."""
    coalescer = Coalescer[str]()
    slow, quick = Node(), Node()
    waiting = asyncio.create_task(coalescer.share("openmetrics", slow.ask))
    await settle()
    quick.answers.put_nowait("text")
    assert await coalescer.share("text", quick.ask) == "text"
    assert not waiting.done()
    slow.answers.put_nowait("open")
    assert await waiting == "open"


async def test_an_answer_is_not_kept() -> None:
    """Who asks after it has come asks anew: no old number is ever given."""
    node, coalescer = Node(), Coalescer[str]()
    for answer in ("first", "second"):
        node.answers.put_nowait(answer)
        assert await coalescer.share("page", node.ask) == answer
    assert node.asked == 2


async def test_a_late_comer_asks_anew(clock: Clock) -> None:
    """After a moment a request in progress is too old to be joined; the two answers do not mix."""
    node, second, coalescer = Node(), Node(), Coalescer[str]()
    early = await joined(coalescer, node, 2)
    clock.skip(JOIN_WINDOW_SECONDS * 2)
    late = await joined(coalescer, second, 2)
    node.answers.put_nowait("old")
    assert await asyncio.gather(*early) == ["old", "old"]
    third = await joined(coalescer, second, 1)
    second.answers.put_nowait("new")
    assert [await task for task in (*late, *third)] == ["new"] * 3
    assert (node.asked, second.asked) == (1, 1)


async def test_within_the_moment_a_question_is_joined(clock: Clock) -> None:
    """A little later is the same moment."""
    node, coalescer = Node(), Coalescer[str]()
    first = await joined(coalescer, node, 1)
    clock.skip(JOIN_WINDOW_SECONDS / 4)
    second = await joined(coalescer, node, 1)
    node.answers.put_nowait("answer")
    assert await asyncio.gather(*first, *second) == ["answer"] * 2
    assert node.asked == 1


async def test_when_the_leader_leaves_a_follower_takes_over() -> None:
    """The one who asks is cancelled: the next asks in his place, once, and all who wait have that answer."""
    node, coalescer = Node(), Coalescer[str]()
    leader, *followers = await joined(coalescer, node, 4)
    leader.cancel()
    await settle()
    assert leader.cancelled()
    assert node.asked == 2
    node.answers.put_nowait("answer")
    assert await asyncio.gather(*followers) == ["answer"] * 3
    assert node.asked == 2


async def test_when_a_follower_leaves_the_others_have_their_answer() -> None:
    """He waited for himself alone."""
    node, coalescer = Node(), Coalescer[str]()
    leader, leaving, staying = await joined(coalescer, node, 3)
    leaving.cancel()
    await settle()
    node.answers.put_nowait("answer")
    assert [await task for task in (leader, staying)] == ["answer"] * 2
    assert leaving.cancelled()
    assert node.asked == 1


async def test_an_error_is_for_who_asked() -> None:
    """The others ask for themselves; whoever fails, nobody hangs."""
    node, coalescer = Node(), Coalescer[str]()
    leader, *followers = await joined(coalescer, node, 3)
    for outcome in (ValueError("broken"), ValueError("still broken"), "answer"):
        node.answers.put_nowait(outcome)
    with pytest.raises(ValueError, match=r"^broken$"):
        await leader
    errors = await asyncio.gather(*followers, return_exceptions=True)
    assert sorted(map(str, errors)) == ["answer", "still broken"]
    assert node.asked == 3


async def test_everybody_may_leave() -> None:
    """Then nothing is left behind, and the next question is asked as if none had been."""
    node, coalescer = Node(), Coalescer[str]()
    tasks = await joined(coalescer, node, 3)
    for task in tasks:
        task.cancel()
    await settle()
    assert all(task.cancelled() for task in tasks)
    node.answers.put_nowait("answer")
    assert await coalescer.share("page", node.ask) == "answer"
    assert node.asked == 2
