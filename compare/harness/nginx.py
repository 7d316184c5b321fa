"""nginx as a peer: its own configuration, prefix and pid file under target/compare, never the system's.

1. The settings are nginx's own defaults with sendfile on, one worker a core (one here) and the access log on, as shipped;
   connections are kept for as long as wrk likes, as ours keeps them. Debian's `tcp_nopush on` is left out, in nginx's
   favour: over the loopback it triples the CPU of a 100 KiB answer and stalls those from the cache for 44 ms.
2. `disk` serves the content's folder, br from siblings.
3. `proxy` asks the store and keeps what it got in proxy_cache; `passing` is the same without the cache.
"""

import os
import shutil
from pathlib import Path
from string import Template

from harness import layout, tools
from harness.server import Server, free_port

_MAIN = Template("""\
$modules
daemon off;
$user
worker_processes 1;
worker_rlimit_nofile 16384;
pid $folder/nginx.pid;
error_log $folder/error.log warn;
events { worker_connections 8192; }
http {
    sendfile on;
    types_hash_max_size 2048;
    types { text/html html; }
    default_type application/octet-stream;
    keepalive_requests 1000000000;
    access_log $folder/access.log;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
$http
    server {
        listen 127.0.0.1:$port backlog=4096;
        location = /ready { access_log off; return 200; }
        location / {
$location
        }
    }
}
""")


def disk(core: int, brotli: bool = False) -> Server:
    """Serves the content's folder."""
    location = f"root {layout.CONTENT};" + (" brotli_static on;" if brotli else "")
    return _server("nginx-disk", core, "", location, brotli)


def proxy(core: int, store_port: int, bucket: str, brotli: bool = False, lock: bool = False) -> Server:
    """Asks the store once and serves from its own cache after that."""
    folder = layout.WORK / "nginx-proxy"
    http = f"proxy_cache_path {folder}/cache keys_zone=content:10m max_size=4g inactive=1h use_temp_path=off;"
    location = _upstream(bucket) + " proxy_cache content; proxy_cache_valid 200 10m;"
    location += " proxy_cache_lock on;" if lock else ""
    location += " brotli on; brotli_types text/html;" if brotli else ""
    return _server("nginx-proxy", core, http + _keepalive(store_port), location, brotli)


def passing(core: int, store_port: int, bucket: str) -> Server:
    """Passes the store's answers on without keeping them, as is usual for objects too large for a cache."""
    location = _upstream(bucket) + " proxy_max_temp_file_size 0;"
    return _server("nginx-passing", core, _keepalive(store_port), location, False)


def _keepalive(store_port: int) -> str:
    return f" upstream store {{ server 127.0.0.1:{store_port}; keepalive 64; }}"


def _upstream(bucket: str) -> str:
    return f'proxy_pass http://store/{bucket}/; proxy_http_version 1.1; proxy_set_header Connection "";'


def _server(name: str, core: int, http: str, location: str, brotli: bool) -> Server:
    program = tools.find("nginx")
    modules = [f"load_module {module};" for module in tools.brotli_modules()] if brotli else []
    folder = layout.WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    configuration: Path = folder / "nginx.conf"
    configuration.write_text(_MAIN.substitute(
        modules="\n".join(modules), user="user root;" if os.geteuid() == 0 else "", folder=folder, port=port,
        http=http, location=location,
    ))
    command = [program, "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    return Server(name, command, port, core, ready_path="/ready")
