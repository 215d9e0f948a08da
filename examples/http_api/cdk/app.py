"""A CDK app: an HTTP API in front of ../function.zip."""

from pathlib import Path

from aws_cdk import App, CfnOutput, Duration, Stack
from aws_cdk.aws_apigatewayv2 import HttpApi
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from aws_cdk.aws_lambda import ApplicationLogLevel, Architecture, Code, Function, LoggingFormat, Runtime
from aws_cdk.aws_logs import LogGroup, RetentionDays

ZIP = Path(__file__).parent.parent / "function.zip"

app = App()
stack = Stack(app, "BridgeHttpApi")

function = Function(
    stack,
    "App",
    code=Code.from_asset(str(ZIP)),
    handler="app.handler",
    runtime=Runtime.PYTHON_3_13,
    architecture=Architecture.ARM_64,
    memory_size=512,
    timeout=Duration.seconds(29),  # the API waits 30 seconds at most
    logging_format=LoggingFormat.JSON,
    application_log_level_v2=ApplicationLogLevel.INFO,
    log_group=LogGroup(stack, "Log", retention=RetentionDays.ONE_MONTH),
)

# One route for everything. CDK adds the permission that lets the API call the function.
api = HttpApi(stack, "Api", default_integration=HttpLambdaIntegration("Everything", function))

CfnOutput(stack, "Url", value=api.api_endpoint)

app.synth()
