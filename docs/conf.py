"""Configuration of the site. `make site` builds it; the source folder is the repository itself.

So links between notebooks, pages and files are the same here, in JupyterLab and on the repository's own page.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "Learn autoencoders in Keras"
author = "The autoencoder notebooks' maintainers"
copyright = "the autoencoder notebooks' maintainers. MIT licence; the data has licences of its own"
root_doc = "index"
# A new lesson, study or page needs no line here, nor in the table of contents.
include_patterns = [
    "index.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "assignments/README.md",
    "docs/*.md",
    "docs/api/*.md",
    "notebooks/*.ipynb",
    "notebooks/studies/*.ipynb",
    "notebooks/solutions/*.ipynb",
]
exclude_patterns = [".*", "build", "course", "tests", "ae_helpers", "**/.ipynb_checkpoints"]
extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "extensions",
]

# Notebooks are shown as they were built, never run.
nb_execution_mode = "off"
nb_custom_formats = {".ipynb": "extensions.read_notebook"}
nb_ipywidgets_js = {}  # nothing is fetched; the notebooks' pictures that move need no widgets
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
html_search_language = "en"
html_use_index = html_domain_indices = False  # the search does it
html_show_search_summary = False  # the summaries are fetched, which pages from a folder may not do

default_role = "code"
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

html_title = "Learn autoencoders"
html_favicon = "playground/icon.svg"
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = True
html_sourcelink_suffix = ""
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "home_page_in_toc": False,
    "navbar_persistent": [],  # one field to search in: the one above the contents
}
# Where the notebooks run elsewhere is known once they have a public address: GitHub's workflows tell it.
if os.environ.get("GITHUB_REPOSITORY"):
    html_theme_options |= {
        "repository_url": f"https://github.com/{os.environ['GITHUB_REPOSITORY']}",
        "repository_branch": "main",
        "use_repository_button": True,
        "launch_buttons": {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }
