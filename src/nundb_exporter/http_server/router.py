"""Which handler answers which path and method."""

from collections.abc import Mapping
from http import HTTPStatus

from nundb_exporter.http_server.messages import Answer, Handler, Request, Response


class Router:
    """Choose a handler by path, then by method; HEAD is answered wherever GET is.

    `routes` maps a path to its methods and their handlers.
    """

    def __init__(self, routes: Mapping[str, Mapping[str, Handler]]) -> None:
        self._routes = {
            path: {**({"HEAD": methods["GET"]} if "GET" in methods else {}), **methods}
            for path, methods in routes.items()
        }

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        methods = self._routes.get(request.path)
        if methods is None:
            return Response.of_status(HTTPStatus.NOT_FOUND, "there is no such page")
        handler = methods.get(request.method)
        if handler is None:
            allowed = ", ".join(sorted(methods))
            return Response.of_status(HTTPStatus.METHOD_NOT_ALLOWED, f"this page answers {allowed}", {"Allow": allowed})
        return handler(request)
