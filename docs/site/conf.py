"""The site, in the language that `sphinx-build -D language=` says: see tools/docs.sh."""

import os
import sys

sys.path.insert(0, os.path.abspath(os.path.dirname(__file__)))

project = "bunshin"
author = "the authors of bunshin"
copyright = author  # pylint: disable=redefined-builtin
extensions = ["myst_parser", "breathe", "course_directives", "japanese_search"]
exclude_patterns = ["repository/**"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]
nitpicky = False
pygments_style = "friendly"
pygments_dark_style = "native"

breathe_projects = {"bunshin": os.environ.get("BUNSHIN_DOXYGEN", "")}
breathe_default_project = "bunshin"
breathe_default_members = ("members",)
primary_domain = "cpp"
highlight_language = "none"

html_theme = "furo"
html_title = "bunshin"
html_static_path = ["static", os.environ["BUNSHIN_FIGURES"]]
templates_path = ["templates"]
html_css_files = ["course.css"]
html_js_files = ["quiz.js", ("loop/figure.js", {"defer": "defer"})]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
# A page opened from the file system may not read another one, which a summary needs.
html_show_search_summary = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
