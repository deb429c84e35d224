"""Calls Airflow's API within the same process: needs no address, and sends the user's token nowhere else."""

import anyio.from_thread
import httpx


class InProcess(httpx.BaseTransport):
    """Sends requests to an ASGI application in this process; must run in a worker thread of its event loop."""

    def __init__(self, app: object) -> None:
        # The application has already responded to its own exceptions, with 500.
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's uncompressed response."""
        request.headers["Accept-Encoding"] = "identity"
        return anyio.from_thread.run(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        found = await self._transport.handle_async_request(request)
        content = await found.aread()
        return httpx.Response(found.status_code, headers=found.headers, content=content, request=request)
