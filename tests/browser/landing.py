"""The landing page, and what a person can see of it and do with it."""

from typing import Final, Self

from playwright.async_api import ConsoleMessage, Locator, Page, Request, Route, expect

from .reports import UP, told

POLL_MILLISECONDS: Final = 5000
"""How often the page asks. Its clock is ours, so that no test waits for it."""

UNKNOWN: Final = "\N{EN DASH}"
"""What stands where the node does not tell a number."""


class Landing:
    """An open landing page, whose time passes only when a test says so."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        """What the browser complained about: errors of the script, violations of the policy, dialogs."""
        self.requests: list[str] = []
        self.script: str | None = None
        """The report that it is given in place of the exporter's; None: the exporter's own."""
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        page.on("request", self._note_request)

    @classmethod
    async def open(
        cls, page: Page, url: str, *, is_scripted: bool = False, has_script: bool = True, time: float | None = None
    ) -> Self:
        """Open the page and, if it has its script, wait until it has read its first answer.

        A scripted page is given its reports, at first that of a healthy node. Its clock begins at `time`, in seconds
        since the epoch; None means now.
        """
        self = cls(page, url)
        await page.clock.install(time=time)
        if is_scripted:
            await page.route("**/report", self._answer)
            self.script = told(*UP)
        await page.goto(url)
        # The page sets its timer when it has read an answer: it must have, before the test moves its clock.
        if is_scripted:
            await expect(self.headline).to_have_text("Up")
        elif has_script:
            await expect(self.answered).to_have_count(1)
        return self

    @property
    def answered(self) -> Locator:
        """The time of the last answer."""
        return self.page.locator("#asked time")

    @property
    def headline(self) -> Locator:
        """The node's state, in words."""
        return self.page.get_by_role("status").get_by_role("heading")

    @property
    def findings(self) -> Locator:
        """What is wrong and what to do."""
        return self.page.locator("#findings")

    @property
    def charts(self) -> Locator:
        """The charts' plots, which a keyboard reaches."""
        return self.page.get_by_role("slider")

    @property
    def events(self) -> Locator:
        """What the page has seen change."""
        return self.page.get_by_role("region", name="Events").get_by_role("listitem")

    def fact(self, term: str) -> Locator:
        """Return a number of the node's summary, with what stands beneath it."""
        return self.page.locator("#node dl > div").filter(has=self.page.get_by_text(term, exact=True))

    def row(self, table: str, name: str) -> Locator:
        """Return a row of a table, by its first cell."""
        header = self.page.get_by_role("rowheader").filter(has=self.page.get_by_text(name, exact=True))
        return self.page.get_by_role("table", name=table).get_by_role("row").filter(has=header)

    async def asks_again(self, times: int = 1) -> None:
        """Let the page's time pass until it has been answered again."""
        for _ in range(times):
            before = await self.answered.get_attribute("datetime")
            await self.page.clock.run_for(POLL_MILLISECONDS)
            await expect(self.answered).not_to_have_attribute("datetime", str(before))

    async def asks_in_vain(self) -> None:
        """Let the page's time pass until it has asked and got no answer."""
        async with self.page.expect_event("requestfailed"):
            await self.page.clock.run_for(POLL_MILLISECONDS)

    async def is_told(self, script: str) -> None:
        """Answer the page with this report from now on, and let it ask."""
        self.script = script
        async with self.page.expect_response("**/report"):
            await self.page.clock.run_for(POLL_MILLISECONDS)

    async def is_as_wide_as_its_window(self) -> bool:
        """Whether there is nothing to scroll to sideways."""
        claim = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        return bool(await self.page.evaluate(claim))

    @property
    def foreign_requests(self) -> list[str]:
        """Requests to anywhere but the exporter."""
        return [url for url in self.requests if not url.startswith((self.url, "data:"))]

    async def _answer(self, route: Route) -> None:
        await route.fulfill(body=self.script or "", content_type="application/json")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)
