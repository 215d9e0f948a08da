"""A Lambda runtime: it takes events from Lambda's Runtime API and posts what becomes of them.

`python -m bridge.runtime app.handler` stands where awslambdaric would: as a container's entry point, as a `bootstrap`,
or in a managed runtime's place.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""
