"""Stands before the pages: who asks too often gets 429, who is nobody's user 401."""

import time
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Final

from nundb_exporter.config.web_file import RateLimit, WebFile
from nundb_exporter.credentials import Secret
from nundb_exporter.http_server import Answer, Handler, Request, Response
from nundb_exporter.web.guard.bucket import TokenBucket
from nundb_exporter.web.guard.configuration import Configuration
from nundb_exporter.web.guard.users import Login, Users, read_login
from nundb_exporter.web.scraped import Tally

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="nundb-exporter", charset="UTF-8"'}


class Guard:
    """A handler that lets through what the configuration allows.

    `open_paths` are answered without a login and beyond the rate limit. `own_headers` are those that every response has
    anyway, in lower case.
    """

    def __init__(
        self,
        handler: Handler,
        configuration: Configuration,
        tally: Tally,
        *,
        open_paths: frozenset[str],
        own_headers: frozenset[str],
    ) -> None:
        self._handler = handler
        self._configuration = configuration
        self._open_paths = open_paths
        self._own_headers = own_headers
        self._users = Users()
        self._bucket: TokenBucket | None = None
        self._tally = tally

    def __call__(self, request: Request) -> Answer:
        """Answer a request: without a task of its own where nothing has to be waited for."""
        file = self._configuration.file
        answer: Answer | None = None
        if request.path not in self._open_paths:
            answer = self._limited(file.rate_limit) or self._refused(request, file.users)
        if answer is None:
            answer = self._handler(request)
        if not file.headers:
            return answer
        return self._dressed(answer, file) if isinstance(answer, Response) else self._dressed_later(answer, file)

    def _limited(self, limit: RateLimit | None) -> Response | None:
        if limit is None:
            self._bucket = None
            return None
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = TokenBucket(limit, time.monotonic)
        if self._bucket.take():
            return None
        self._tally.rejected += 1
        return Response.of_status(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit in --web.config.file allows no more now")

    def _refused(self, request: Request, users: Mapping[str, Secret]) -> Answer | None:
        """Return the answer if the request may not go on, or not yet."""
        if not users:
            return None
        self._tally.logins = self._tally.logins or 0
        login = read_login(request.headers.get("authorization"))
        if login is None:
            return self._refusal()
        is_right = self._users.known(login, users)
        if is_right is None:
            return self._checked(request, login, users)
        return None if is_right else self._refusal()

    async def _checked(self, request: Request, login: Login, users: Mapping[str, Secret]) -> Response:
        if not await self._users.check(login, users):
            return self._refusal()
        answer = self._handler(request)
        return answer if isinstance(answer, Response) else await answer

    def _refusal(self) -> Response:
        self._tally.logins = (self._tally.logins or 0) + 1
        return Response.of_status(HTTPStatus.UNAUTHORIZED, "a user and a password are needed", _CHALLENGE)

    def _dressed(self, response: Response, file: WebFile) -> Response:
        """Return the response with the headers of the file that it has not itself."""
        taken = self._own_headers | {name.lower() for name in response.headers}
        more = {name: text for name, text in file.headers.items() if name.lower() not in taken}
        return response._replace(headers={**response.headers, **more})

    async def _dressed_later(self, answer: Awaitable[Response], file: WebFile) -> Response:
        return self._dressed(await answer, file)
