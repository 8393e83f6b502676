# Renders the endpoints of `cube watch endpoints` as an upstream of nginx.
#
#   jq -r --arg upstream web -f upstream.jq
#
# nginx refuses an upstream without servers. If no task is ready, the upstream gets a server that is down, and nginx responds 502.
"upstream \($upstream) {",
(if .endpoints == [] then "    server 127.0.0.1:9 down;" else .endpoints[] | "    server \(.address);" end),
"}"
