using System.Net;

namespace EventStore.Client;

/// <summary>The stream is not at the expected revision: nothing was appended.</summary>
public class WrongExpectedVersionException : Exception
{
    public WrongExpectedVersionException(string streamName, StreamRevision expectedStreamRevision, StreamRevision actualStreamRevision,
        Exception? exception = null, string? message = null) : base(message ?? "Append failed due to WrongExpectedVersion. "
            + $"Stream: {streamName}, Expected version: {expectedStreamRevision}, Actual version: {actualStreamRevision}", exception)
    {
        (StreamName, ExpectedStreamRevision, ActualStreamRevision) = (streamName, expectedStreamRevision, actualStreamRevision);
    }

    public string StreamName { get; }
    public StreamRevision ExpectedStreamRevision { get; }
    public StreamRevision ActualStreamRevision { get; }
    public long? ExpectedVersion => ExpectedStreamRevision == StreamRevision.None ? null : ExpectedStreamRevision.ToInt64();
    public long? ActualVersion => ActualStreamRevision == StreamRevision.None ? null : ActualStreamRevision.ToInt64();
}

public class StreamNotFoundException(string stream, Exception? exception = null)
    : Exception($"Event stream '{stream}' was not found.", exception)
{
    public readonly string Stream = stream;
}

/// <summary>The stream was deleted for good.</summary>
public class StreamDeletedException(string stream, Exception? exception = null)
    : Exception($"Event stream '{stream}' is deleted.", exception)
{
    public readonly string Stream = stream;
}

public class MaximumAppendSizeExceededException(uint maxAppendSize, Exception? innerException = null)
    : Exception($"Maximum Append Size of {maxAppendSize} Exceeded.", innerException)
{
    public uint MaxAppendSize { get; } = maxAppendSize;
}

public class AccessDeniedException : Exception
{
    public AccessDeniedException() : base("Access denied.")
    {
    }

    public AccessDeniedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

public class NotAuthenticatedException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The call needs the leader, which is elsewhere. The client goes there with its next call.</summary>
public class NotLeaderException(string host, int port, Exception? exception = null)
    : Exception($"Not leader. New leader at {host}:{port}.", exception)
{
    public DnsEndPoint LeaderEndpoint { get; } = new(host, port);
}

/// <summary>No node of the cluster said who leads it.</summary>
public class DiscoveryException(int maxDiscoverAttempts) : Exception($"Failed to discover candidate in {maxDiscoverAttempts} attempts.")
{
    public int MaxDiscoverAttempts { get; } = maxDiscoverAttempts;
}

/// <summary>The connection string cannot be read.</summary>
public class ConnectionStringParseException(string message, Exception? innerException = null) : Exception(message, innerException);

public class NoSchemeException() : ConnectionStringParseException("Could not parse scheme from connection string");

public class InvalidSchemeException(string scheme, string[] supportedSchemes)
    : ConnectionStringParseException($"Invalid scheme: '{scheme}'. Supported values are: {string.Join(",", supportedSchemes)}");

public class InvalidUserCredentialsException(string userInfo) : ConnectionStringParseException(
    $"Invalid user credentials: '{userInfo}'. Username & password must be delimited by a colon");

public class InvalidHostException(string host) : ConnectionStringParseException($"Invalid host: '{host}'");

public class InvalidKeyValuePairException(string keyValuePair)
    : ConnectionStringParseException($"Invalid key/value pair: '{keyValuePair}'");

public class InvalidSettingException(string message) : ConnectionStringParseException(message);

public class DuplicateKeyException(string key) : ConnectionStringParseException($"Duplicate key: '{key}'");

public class InvalidClientCertificateException(string message, Exception? innerException = null)
    : ConnectionStringParseException(message, innerException);
