"""A FastAPI app behind a custom (non-proxy) integration of a REST API: mapping templates stand on both sides of it."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from bridge import Bridge
from bridge.sources import CustomIntegration

app = FastAPI()


class Order(BaseModel):
    """What is ordered."""

    item: str
    count: Annotated[int, Field(gt=0)] = 1


orders: dict[int, Order] = {}


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """The API has no method response for FastAPI's 422, so what is not valid is a 400."""
    return JSONResponse({"message": str(error.errors()[0]["msg"])}, 400)


@app.post("/orders")
async def order(order: Order) -> dict[str, object]:
    """Take an order."""
    number = len(orders) + 1
    orders[number] = order
    return {"number": number, **order.model_dump()}


@app.get("/orders/latest")
async def latest(request: Request) -> RedirectResponse:
    """A redirect. Its Location gets out by a parameter mapping."""
    return RedirectResponse(request.url_for("show", number=len(orders)))


@app.get("/orders/{number}")
async def show(number: int) -> dict[str, object]:
    """An order, or a 404."""
    if number not in orders:
        raise HTTPException(404, f"there is no order {number}")
    return {"number": number, **orders[number].model_dump()}


handler = Bridge(app, sources=[CustomIntegration("passthrough")])
