"""A Flask app behind VPC Lattice: a service that other services call, and that knows who they are."""

from flask import Flask, Response, jsonify, request

from bridge import Bridge

app = Flask(__name__)


@app.get("/orders/<int:number>")
def order(number: int) -> Response:
    """An order, with the VPC that has asked for it."""
    context = request.environ["aws.event"].get("requestContext", {})
    return jsonify(number=number, vpc=context.get("identity", {}).get("sourceVpcArn"))


handler = Bridge(app, accepts={"lattice"})
