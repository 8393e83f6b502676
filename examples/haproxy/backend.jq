# Renders the endpoints of `cube watch endpoints` as a backend of HAProxy.
#
#   jq -r --arg backend web -f backend.jq
#
# The name of a server contains the id of its task, because two tasks of a replica can be ready during a rollout. If no task is
# ready, the backend has no servers, and HAProxy responds 503.
"backend \($backend)",
(.endpoints[] | "    server \(.name)-\(.ordinal)-\(.task[:8]) \(.address)")
