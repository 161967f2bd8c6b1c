#| attack: asks a web server
#| row: network
#| points: 0
import urllib.request
urllib.request.urlopen('http://127.0.0.1:@PORT@/', timeout=2)
def answer():
    return 42
