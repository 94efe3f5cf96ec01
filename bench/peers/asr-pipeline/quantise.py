"""An ordinary int8 export: `python quantise.py PUBLIC_FOLDER FOLDER`.

Takes a folder in the layout of the Hugging Face hub in float32 and quantises it as transformers.js's own script does for
Whisper: dynamically, every operator that ONNX Runtime can, subgraphs included.
"""

import shutil
import sys
from pathlib import Path

from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.json"):
        shutil.copyfile(path, target / path.name)
    for name, weight_type in (("encoder_model", QuantType.QUInt8), ("decoder_model_merged", QuantType.QInt8)):
        quantize_dynamic(
            source / f"onnx/{name}.onnx",
            target / f"onnx/{name}_quantized.onnx",
            weight_type=weight_type,
            extra_options={"EnableSubgraph": True, "DefaultTensorType": TensorProto.FLOAT},
        )


if __name__ == "__main__":
    main()
