"""A browser, and the landing page in it as a person sees it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.programs import needed

from .landing import Landing

Opener = Callable[..., Awaitable[Landing]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return a browser for the whole session: starting one takes longer than most tests."""
    chromium = needed("chromium")  # playwright would download one
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Opener]:
    """Return a function that opens a landing page; at the end, no page may have had a problem."""
    async with AsyncExitStack() as stack:
        pages: list[Landing] = []

        async def visit(
            url: str,
            *,
            is_scripted: bool = False,
            has_script: bool = True,
            time: float | None = None,
            **context: Any,  # noqa: ANN401 - playwright's own
        ) -> Landing:
            settings = {"viewport": {"width": 1200, "height": 800}, "java_script_enabled": has_script, **context}
            opened = await browser.new_context(**settings)
            stack.push_async_callback(opened.close)
            page = await Landing.open(
                await opened.new_page(), url, is_scripted=is_scripted, has_script=has_script, time=time
            )
            pages.append(page)
            return page

        yield visit
        for page in pages:
            assert page.problems == []
            assert page.foreign_requests == []
