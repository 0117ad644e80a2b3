"""A trained policy for programs that have neither ALSO nor PyTorch: a folder with an ONNX file, tensors, and JSON.

What acts comes from the trainer as tensors (`also/services/trainer/acting.py`); here it becomes files.
"""
