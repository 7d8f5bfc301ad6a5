"""What of the collected libraries and data stays out of the package: parts of Qt that no window of
ours uses, and libraries that must be the system's own."""

from __future__ import annotations

import re
import sys

# Qt's plugins and libraries for what is not there: QML, PDF, on-screen keyboards, displays without
# a desktop, and the GTK theme, which would bring GTK along
_UNUSED = re.compile(
    r"""(^|/)(lib)?Qt6?(Qml|Quick|Pdf|VirtualKeyboard|Sql|Test|Designer|Help|EglFS|EglFs|3D|Charts
        |Labs|WebEngine|Multimedia|OpenGLWidgets|LanguageServer|JsonRpc)\w*
    |plugins/(sqldrivers|qmltooling|virtualkeyboard|designer|multimedia|egldeviceintegrations)/
    |plugins/platforms/(libqeglfs|libqlinuxfb|libqvnc|libqvkkhrdisplay|libqminimalegl|qdirect2d)
    |plugins/platformthemes/libqgtk3
    |plugins/platforminputcontexts/libqtvirtualkeyboard
    |plugins/imageformats/(lib)?q(pdf|tiff|tga|wbmp|icns)
    |PySide6/(Qt/)?(qml|metatypes|libexec|typesystems|glue|support|include|scripts)/
    |PySide6/[^/]*\.pyi$
    |llama_cpp/(include|bin)/
    |numpy/(tests|\w+/tests|f2py)/""",
    re.VERBOSE,
)
_TRANSLATION = re.compile(r"Qt/translations/(?!qtbase_(zh_CN|en)\.qm$)|/translations/qt_help|qt_")
# On Linux these belong to the graphics driver, the desktop or the C library of the computer that
# the program runs on; another version of them in the package breaks there
_SYSTEMS = re.compile(
    r"^(libX11|libX11-xcb|libXau|libXdmcp|libXext|libXrender|libxcb[-\w]*|libdbus-1|libfontconfig"
    r"|libfreetype|libexpat|libg(lib|object|io|module|thread)-2\.0|libxkbcommon(-x11)?|libvulkan"
    r"|libwayland-\w+|libEGL|libGL|libGLX|libGLdispatch|libOpenGL|libdrm|libstdc\+\+|libgcc_s"
    r"|libpcre2-8|libpcre|libselinux|libmount|libblkid|libsystemd|libgcrypt|libgpg-error|libcap"
    r"|liblz4|libpng16|libbrotli\w+|libgssapi_krb5|libkrb5|libk5crypto|libkrb5support|libcom_err"
    r"|libkeyutils|libgomp|libbsd|libmd"
    # GTK, which only the theme plugin needed
    r"|libgtk-3|libgdk(-3|_pixbuf-2\.0)|libatk-1\.0|libcairo(-gobject)?|libpango\w*-1\.0|libthai"
    r"|libdatrie|libfribidi|libgraphite2|libpixman-1|libharfbuzz|libjpeg)\.so"
)


def keeps(name: str) -> bool:
    """Whether the file goes into the package; `name` is its path within, with any slashes."""
    path = name.replace("\\", "/")
    if _UNUSED.search(path) or ("PySide6" in path and _TRANSLATION.search(path)):
        return False
    return sys.platform != "linux" or not _SYSTEMS.match(path.rpartition("/")[2])
