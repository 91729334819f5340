using System.Diagnostics;
using Grpc.Core;
using Metering.Kernel.Deciding;

namespace Metering.Reservations.Services;

/// <summary>Who calls: recorded with every event.</summary>
internal static class Callers
{
    public static Caller Caller(this ServerCallContext context) =>
        new(context.GetHttpContext().User.Identity?.Name ?? "anonymous", Activity.Current?.TraceId.ToHexString());
}
