"""A campaign's report as one HTML page: everything is inside, and nothing is fetched.

Text of tasks and of LLMs is shown, never obeyed: whatever is not made by `markup` is escaped, and the page's content
security policy names the hashes of its own script and style, so that no others run, and nothing is loaded.
"""
