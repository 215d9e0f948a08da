"""A pytest plugin: no loop's debug mode complains of slow steps. What is slow depends on the machine."""

import logging

logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing "))
