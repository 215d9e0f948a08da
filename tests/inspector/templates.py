"""A template whose functions call each other."""

CALLING = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Front:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Timeout: 20
      Handler: index.handler
      InlineCode: |
        import json, boto3
        def handler(event, context):
            print("front prints")
            answer = boto3.client("lambda").invoke(FunctionName="Back", Payload=json.dumps({"tea": 1}))
            return {"statusCode": 200, "body": answer["Payload"].read().decode()}
      Events:
        Item:
          Type: HttpApi
          Properties: {Path: "/items/{id}", Method: get}
  Back:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            print("back prints")
            return {"got": event}
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: "arn:aws:sqs:us-east-1:123456789012:jobs"}
"""
