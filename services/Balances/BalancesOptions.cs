using Metering.Kernel.Hosting;

namespace Metering.Balances;

/// <summary>The settings of section <c>Balances</c>.</summary>
public sealed class BalancesOptions
{
    public const string Section = "Balances";

    private static readonly BalancesOptions Unset = new();

    /// <summary>As a program lists them; without <c>Balances:Accounts</c>, which depends on what else it serves.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("Balances:ClosingEvery", "how often due periods are looked for", Unset.ClosingEvery),
        new("Balances:ClosingDeadline", "the longest that closing one may take, repeats included", Unset.ClosingDeadline),
        new("Balances:ClosingAtOnce", "users whose periods are closed at once", Unset.ClosingAtOnce),
    ];

    /// <summary>
    /// Where the service <c>Accounts</c> is: closing asks it. Several instances: their addresses with commas between. None = this very
    /// process serves it.
    /// </summary>
    public string? Accounts { get; set; }

    /// <summary>The addresses; one that is malformed is none.</summary>
    internal IReadOnlyList<Uri?> AccountsAt =>
        [.. (Accounts ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];

    /// <summary>How often due periods are looked for.</summary>
    public TimeSpan ClosingEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that closing a period may take, repeats included.</summary>
    public TimeSpan ClosingDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many users' periods are closed at once.</summary>
    public int ClosingAtOnce { get; set; } = 8;

    private static Uri? Parse(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
}
