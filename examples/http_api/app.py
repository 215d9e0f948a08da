"""A FastAPI app behind an HTTP API: the same zip is deployed with SAM, Terraform, CDK or the Serverless Framework."""

from fastapi import FastAPI, HTTPException

from bridge import Bridge

app = FastAPI(title="Shop")

PRICES = {"tea": 3, "coffee": 4}


@app.get("/")
async def start() -> dict[str, list[str]]:
    """What there is."""
    return {"items": sorted(PRICES)}


@app.get("/items/{name}")
async def item(name: str) -> dict[str, str | int]:
    """One of them, or 404."""
    if name not in PRICES:
        raise HTTPException(404, f"there is no {name}")
    return {"name": name, "price": PRICES[name]}


handler = Bridge(app, accepts={"http"})  # what is shaped like a request of anything else is none
