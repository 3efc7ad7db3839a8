package io.basalt.net;

/// What a [Network] counts about itself. Belongs to its reactor's thread.
public final class NetCounters {
    public long connectionsOpened;
    public long connectionsClosed;
    public long handshakesFailed;
    public long handshakesEvicted;
    public long framesSent;
    public long framesReceived;
    public long bytesSent;
    public long bytesReceived;
    public long sends;
    public long receives;
    public long callsTimedOut;
    public long requestsExpired;
    public long requestsRefused;
    public long payloadsChanged;
    public long violations;
}
