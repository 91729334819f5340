namespace Metering.Ledger.Windows;

/// <summary>How long a quota's window lasts. <see cref="BillingPeriod"/> is the plan's own, which the account knows.</summary>
public enum WindowLength { Hour, Day, Week, Month, Year, Lifetime, BillingPeriod }

/// <summary>What windows are aligned on: the calendar of a zone, or the moment at which the subscription started.</summary>
public enum Anchor { Calendar, SubscriptionStart }

/// <summary>The time in which a quota counts: from <paramref name="Start"/> up to, not including, <paramref name="End"/>.</summary>
/// <param name="Start">The first moment of the window, offset zero.</param>
/// <param name="End">The first moment of the next window, offset zero; <see cref="DateTimeOffset.MaxValue"/> when there is none.</param>
public readonly record struct Window(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>The one window that never ends: all of time.</summary>
    public static readonly Window Lifetime = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    /// <summary>Whether a moment falls in this window. The last representable moment belongs to the window that ends there.</summary>
    public bool Contains(DateTimeOffset at) => Start <= at && (at < End || End == DateTimeOffset.MaxValue);
}
