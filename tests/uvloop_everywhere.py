"""A pytest plugin: every event loop is uvloop's, those that Bridge makes among them."""

import asyncio
import warnings

import uvloop

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of policies, from Python 3.14 on
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
