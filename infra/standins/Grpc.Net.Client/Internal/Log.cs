using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The call credentials for {Method} were not sent, because the connection has no TLS.")]
    public static partial void CredentialsNotSent(ILogger logger, string method);
}
