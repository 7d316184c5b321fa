"""The plain upload that content-fetcher is held against: boto3's own upload_file with its defaults.

Run by the virtual environment's Python as `upload.py PORT BUCKET KEY FILE`, keys in the environment as boto3 wants them.
"""

import sys

import boto3  # type: ignore[import-not-found]

port, bucket, key, file = sys.argv[1:]
client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
client.upload_file(file, bucket, key)
