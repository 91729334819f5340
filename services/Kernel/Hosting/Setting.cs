using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Metering.Kernel.Hosting;

/// <summary>A setting of a program: what <c>--help</c> lists, what is refused as unknown, and what holds where nothing is set.</summary>
/// <param name="Name">As in a file: <c>Section:Name</c>; <c>Section:*</c> stands for every name there.</param>
/// <param name="Meaning">What it sets, with its unit and range.</param>
/// <param name="Default">What holds if it is not set; none: that is left to whoever reads it.</param>
/// <param name="Otherwise">What <c>--help</c> says instead where there is no default.</param>
public sealed record Setting(string Name, string Meaning, object? Default = null, string? Otherwise = null)
{
    /// <summary>Empty says something of its own here; elsewhere it is as good as not set.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>The default in force, as text; none if it is set.</summary>
    public string? Missing(IConfiguration configuration) =>
        configuration[Name] is { } set && (MayBeEmpty || set.Length > 0) ? null : DefaultText;

    /// <summary>True if <paramref name="name"/> is this setting, or one of those it stands for.</summary>
    public bool Is(string name) => Name.EndsWith(":*", StringComparison.Ordinal)
        ? name.StartsWith(Name[..^1], StringComparison.OrdinalIgnoreCase)
        : name.Equals(Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>What <c>--help</c> shows for the case that it is not set.</summary>
    public string IfAbsent => DefaultText is { Length: > 0 } text ? text : Otherwise ?? "none";

    private string? DefaultText => Convert.ToString(Default, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
}
