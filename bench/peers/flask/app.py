"""The predecessor's way to serve the model: Flask, one text a run, padded to 256 tokens.

Run it with `python app.py PORT`, or under gunicorn as `app:create_app()`. Settings come from the environment:
MODEL_FOLDER, ONNX_FILE, and INTRA_OP_THREADS (0: ONNX Runtime's default, all cores).
"""

import logging
import os
import sys

import numpy as np
import onnxruntime as ort
from flask import Flask, jsonify, request
from tokenizers import Tokenizer

MAX_LENGTH = 256
LABELS = ["non_toxic", "toxic"]


def create_app() -> Flask:
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ["INTRA_OP_THREADS"])
    session = ort.InferenceSession(os.environ["ONNX_FILE"], options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(os.path.join(os.environ["MODEL_FOLDER"], "tokenizer.json"))
    tokenizer.enable_truncation(MAX_LENGTH)
    tokenizer.enable_padding(length=MAX_LENGTH, pad_id=tokenizer.token_to_id("<pad>"), pad_token="<pad>")
    app = Flask(__name__)

    @app.post("/v1/classify")
    def classify():
        texts = request.get_json()["inputs"]["classificationInputs"]
        return jsonify({"classificationScores": [score(text) for text in texts]})

    def score(text: str) -> list[dict]:
        encoding = tokenizer.encode(text)
        (logits,) = session.run(
            ["logits"],
            {
                "input_ids": np.array([encoding.ids], dtype=np.int64),
                "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
            },
        )
        exponentials = np.exp(logits[0] - logits[0].max())
        scores = exponentials / exponentials.sum()
        return [{"label": label, "score": float(each)} for label, each in zip(LABELS, scores)]

    return app


if __name__ == "__main__":
    # A line per request would cost the predecessor time that is not the point here.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    create_app().run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
