using System.Collections.Concurrent;

namespace Metering.Reservations.Models;

/// <summary>The IANA time zones of this machine.</summary>
internal static class TimeZones
{
    private static readonly ConcurrentDictionary<string, TimeZoneInfo> Known = new();

    public static bool IsKnown(string ianaId) => TimeZoneInfo.TryFindSystemTimeZoneById(ianaId, out var zone) && zone.HasIanaId;

    public static TimeZoneInfo Get(string ianaId) => Known.GetOrAdd(ianaId, TimeZoneInfo.FindSystemTimeZoneById);
}
