namespace Metering.Host;

/// <summary>The embedded default: every service in one process, nothing to install.</summary>
internal static class Defaults
{
    private const string ApiKey = "Stripe:ApiKey";
    private const string ApiBase = "Stripe:ApiBase";

    private static readonly Dictionary<string, string?> Values = new()
    {
        ["DataFolder"] = Path.Combine(".data", "metering"),
        ["EventStore"] = "sqlite",
        ["ReadModels"] = "memory",
        ["Bus"] = "memory",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning", // else several lines per call
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
    };

    // only together: a real key must not go to the simulator by default, nor the simulator's to Stripe
    private static readonly Dictionary<string, string?> Simulator = new()
    {
        [ApiKey] = "sk_test_simulator",
        [ApiBase] = "http://127.0.0.1:12111",
    };

    /// <summary>The defaults of the settings that are not set.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Missing(IConfiguration configuration) =>
        Values.Where(setting => string.IsNullOrEmpty(configuration[setting.Key]))
            .Concat(configuration[ApiKey] is null ? Simulator : []).ToArray();

    /// <exception cref="InvalidOperationException">A setting asks for what this host does not have.</exception>
    public static void Check(IConfiguration configuration)
    {
        if (configuration["ReadModels"] is { Length: > 0 } other && other != "memory")
            throw new InvalidOperationException($"ReadModels is '{other}'; expected memory, the embedded default");
        if ((configuration[ApiKey] is null) != (configuration[ApiBase] is null))
            throw new InvalidOperationException($"only one of {ApiKey} and {ApiBase} is set; expected both, or neither for the simulator");
    }
}
