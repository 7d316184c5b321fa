"""helper_bulk.py PORT INDEX FILE LINES WORKERS: the official Python client's bulk helper, as its documentation shows it."""

import json
import sys

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

port, index, file, lines, workers = sys.argv[1:]
client = Elasticsearch(f"http://127.0.0.1:{port}", request_timeout=120)
with open(file, encoding="utf-8") as documents:
    parsed = (json.loads(line) for line in documents)
    actions = ({"_op_type": "create", "_index": index, "_id": document["id"], "_source": document} for document in parsed)
    for _ok, _item in parallel_bulk(client, actions, thread_count=int(workers), chunk_size=int(lines)):
        pass
