"""A FastAPI app in a container image: on Lambda's own runtime, or on Bridge's."""

from fastapi import BackgroundTasks, FastAPI

from bridge import Bridge

app = FastAPI(title="Container")
DONE: list[str] = []


@app.get("/")
async def start() -> dict[str, list[str]]:
    """What background tasks have done so far."""
    return {"done": DONE}


@app.post("/jobs/{name}", status_code=202)
async def job(name: str, background: BackgroundTasks) -> dict[str, str]:
    """A task for after the response: on Bridge's runtime the client does not wait for it."""
    background.add_task(DONE.append, name)
    return {"accepted": name}


handler = Bridge(app, accepts={"http"})  # an HTTP API, as in template.yaml
