"""A server of the OpenAI protocol that answers with nonsense, rightly or wrongly, on loopback.

Its answers follow the schema of each request, drawn at random: what a grammar-constrained model without
any sense would say. A fault then damages the reply, the response or the connection. With it the
robustness of the minds is tested and measured, without a GPU and without an LLM.
"""
