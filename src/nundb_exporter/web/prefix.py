"""All pages below a path, for a reverse proxy that hands requests on as they come."""

from http import HTTPStatus

from nundb_exporter.http_server import Answer, Handler, Request, Response


class Prefixed:
    """A handler that answers `/prefix/page` as another answers `/page`.

    `/` and `/prefix` lead to `/prefix/`. They do so by a relative reference, which is right behind every proxy.
    """

    def __init__(self, handler: Handler, prefix: str) -> None:
        self._handler = handler
        self._prefix = prefix
        self._last_step = prefix.rpartition("/")[2]

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        path = request.path
        if path.startswith(f"{self._prefix}/"):
            return self._handler(request._replace(path=path.removeprefix(self._prefix)))
        if path == "/":
            return _see(f".{self._prefix}/", request)
        if path == self._prefix:
            return _see(f"./{self._last_step}/", request)
        return Response.of_status(HTTPStatus.NOT_FOUND, f"all pages are below {self._prefix}/")


def _see(place: str, request: Request) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response.of_status(HTTPStatus.METHOD_NOT_ALLOWED, "this page answers GET, HEAD", {"Allow": "GET, HEAD"})
    query = f"?{request.query}" if request.query else ""
    return Response.of_status(HTTPStatus.FOUND, f"see {place}", {"Location": f"{place}{query}"})
