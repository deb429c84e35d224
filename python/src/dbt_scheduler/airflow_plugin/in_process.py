"""Asks Airflow's own API in its own process: no address to configure, and nobody else to send a user's token to."""

import anyio.from_thread
import httpx


class InProcess(httpx.BaseTransport):
    """Hands requests to an application of this process; to be used in a thread that the event loop has started."""

    def __init__(self, app: object) -> None:
        # What the application raises it has answered before, with 500.
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The application's answer, as it is: nothing on the way has to be compressed."""
        request.headers["Accept-Encoding"] = "identity"
        return anyio.from_thread.run(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        found = await self._transport.handle_async_request(request)
        content = await found.aread()
        return httpx.Response(found.status_code, headers=found.headers, content=content, request=request)
