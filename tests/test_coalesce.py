"""Equal questions at one moment are asked once."""

import asyncio
import gc
import weakref

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


def same(answer: str) -> str:
    """Make nothing else of an answer."""
    return answer


async def joined(coalescer: Coalescer[str], node: Node, count: int) -> list["asyncio.Future[str]"]:
    """Let so many ask, and wait until one has."""
    waiting = [coalescer.share("page", node.ask, same) for _ in range(count)]
    await settle()
    return waiting


async def test_equal_questions_are_asked_once() -> None:
    """All who ask while it is in progress get the same answer."""
    node, coalescer = Node(), Coalescer[str]()
    waiting = await joined(coalescer, node, 50)
    assert coalescer.waiting == 50
    node.answers.put_nowait("answer")
    assert await asyncio.gather(*waiting) == ["answer"] * 50
    assert (node.asked, coalescer.waiting) == (1, 0)


async def test_each_makes_of_the_answer_what_he_wants() -> None:
    """And what one cannot use is his error alone."""
    node, coalescer = Node(), Coalescer[str]()
    length = coalescer.share("page", node.ask, len)
    number = coalescer.share("page", node.ask, int)
    text = coalescer.share("page", node.ask, same)
    node.answers.put_nowait("answer")
    assert (await length, await text) == (6, "answer")
    with pytest.raises(ValueError, match="invalid literal"):
        await number
    assert node.asked == 1


async def test_different_questions_are_asked_each() -> None:
    """A page in another format is another page, and neither waits for the other."""
    coalescer = Coalescer[str]()
    slow, quick = Node(), Node()
    waiting = coalescer.share("openmetrics", slow.ask, same)
    await settle()
    quick.answers.put_nowait("text")
    assert await coalescer.share("text", quick.ask, same) == "text"
    assert not waiting.done()
    slow.answers.put_nowait("open")
    assert await waiting == "open"


async def test_an_answer_is_not_kept() -> None:
    """Who asks after it has come asks anew: no old number is ever given."""
    node, coalescer = Node(), Coalescer[str]()
    for answer in ("first", "second"):
        node.answers.put_nowait(answer)
        assert await coalescer.share("page", node.ask, same) == answer
    assert node.asked == 2


async def test_a_late_comer_asks_anew(clock: Clock) -> None:
    """After a moment a request in progress is too old to be joined; the two answers do not mix."""
    node, second, coalescer = Node(), Node(), Coalescer[str]()
    early = await joined(coalescer, node, 2)
    clock.skip(JOIN_WINDOW_SECONDS * 2)
    late = await joined(coalescer, second, 2)
    assert coalescer.waiting == 4
    node.answers.put_nowait("old")
    assert await asyncio.gather(*early) == ["old", "old"]
    third = await joined(coalescer, second, 1)
    second.answers.put_nowait("new")
    assert [await each for each in (*late, *third)] == ["new"] * 3
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


@pytest.mark.parametrize("leaving", [0, 1, 2])
async def test_when_one_leaves_the_others_have_their_answer(leaving: int) -> None:
    """He waited for himself alone, even if he was the first to ask."""
    node, coalescer = Node(), Coalescer[str]()
    waiting = await joined(coalescer, node, 3)
    waiting[leaving].cancel()
    await settle()
    node.answers.put_nowait("answer")
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [each for each in answers if isinstance(each, str)] == ["answer"] * 2
    assert waiting[leaving].cancelled()
    assert node.asked == 1


async def test_who_leaves_as_the_answer_comes_spoils_it_for_nobody() -> None:
    """He is not yet known to have left."""
    coalescer = Coalescer[str]()

    async def ask() -> str:
        leaving.cancel()
        return "answer"

    leaving, staying = (coalescer.share("page", ask, same) for _ in range(2))
    assert await staying == "answer"
    assert leaving.cancelled()


async def test_an_error_is_for_all_who_asked() -> None:
    """Whoever fails, nobody hangs; who asks next asks anew."""
    node, coalescer = Node(), Coalescer[str]()
    waiting = await joined(coalescer, node, 3)
    node.answers.put_nowait(ValueError("broken"))
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert list(map(str, errors)) == ["broken"] * 3
    node.answers.put_nowait("answer")
    assert await coalescer.share("page", node.ask, same) == "answer"
    assert node.asked == 2


async def test_everybody_may_leave() -> None:
    """Then nothing is left behind, and the next question is asked as if none had been."""
    node, coalescer = Node(), Coalescer[str]()
    waiting = await joined(coalescer, node, 3)
    for each in waiting:
        each.cancel()
    await settle()
    assert len(asyncio.all_tasks()) == 1
    assert coalescer.waiting == 0
    node.answers.put_nowait("answer")
    assert await coalescer.share("page", node.ask, same) == "answer"
    assert node.asked == 2


async def test_who_asks_just_after_all_have_left_asks_anew() -> None:
    """What is being given up is not joined."""
    node, coalescer = Node(), Coalescer[str]()
    (leaving,) = await joined(coalescer, node, 1)
    leaving.cancel()
    await asyncio.sleep(0)
    node.answers.put_nowait("answer")
    assert await coalescer.share("page", node.ask, same) == "answer"
    assert node.asked == 2


async def test_if_what_asks_is_ended_nobody_waits_on() -> None:
    """As at the end of the program, which cancels all tasks."""
    node, coalescer = Node(), Coalescer[str]()
    (waiting,) = await joined(coalescer, node, 1)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await settle()
    assert waiting.cancelled()


async def test_what_was_given_up_leaves_nothing_to_the_garbage_collector() -> None:
    """It runs seldom, and clients may leave often."""

    class Held:
        """Something that who asks holds meanwhile."""

    async def ask() -> str:
        held = Held()
        holding.append(weakref.ref(held))
        await asyncio.Event().wait()
        return str(held)

    coalescer = Coalescer[str]()
    holding: list[weakref.ref[Held]] = []
    gc.disable()
    try:
        waiting = coalescer.share("page", ask, same)
        await settle()
        waiting.cancel()
        await settle()
        assert [each() for each in holding] == [None]
    finally:
        gc.enable()
