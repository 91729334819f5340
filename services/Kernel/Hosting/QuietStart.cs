using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Hosting;

/// <summary>
/// Keeps from the log, until the program has started, what it says itself: that it does not start, and why, is
/// told in one line; that addresses given as a setting are listened on by code is no news.
/// </summary>
internal sealed class QuietStart
{
    private bool isOver;

    public QuietStart(ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => isOver && level >= LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => isOver && level >= LogLevel.Warning);
    }

    public void End() => isOver = true;
}
