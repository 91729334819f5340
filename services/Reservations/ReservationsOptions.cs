using System.ComponentModel.DataAnnotations;
using Metering.Kernel.Deciding;
using Metering.Kernel.Hosting;

namespace Metering.Reservations;

/// <summary>The settings under <c>Reservations</c>.</summary>
public sealed class ReservationsOptions
{
    public const string Section = "Reservations";

    private static readonly ReservationsOptions Unset = new();

    /// <summary>As a program lists them.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("Reservations:Grace", "how long after its deadline a hold counts that names no grace, up to an hour", Unset.Grace),
        new("Reservations:SessionInFlight", "commands under way per session", Unset.SessionInFlight),
        new("Reservations:WatchersMost", "watchers of balances on this instance", Unset.WatchersMost),
        new("Reservations:Deciding:*", "limits of deciding", null, "see services/Kernel/Deciding/RunnerOptions.cs"),
    ];

    /// <summary>How long after its deadline a hold of a Reserve that names no grace still counts.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Commands under way per session; further ones stay unread until answers leave.</summary>
    [Range(1, 65_536)]
    public int SessionInFlight { get; set; } = 1_024;

    /// <summary>Watchers of balances on this instance; further ones are refused at once.</summary>
    [Range(1, 1_000_000)]
    public int WatchersMost { get; set; } = 10_000;

    /// <summary>The limits of the decision runners: streams kept in memory, commands that wait, and how much goes into one append.</summary>
    public RunnerOptions Deciding { get; set; } = new();
}
