namespace Metering.Host;

/// <summary>The embedded default: every service in one process, nothing to install.</summary>
internal static class Defaults
{
    private static readonly Dictionary<string, string?> Values = new()
    {
        ["DataFolder"] = Path.Combine(".data", "metering"),
        ["EventStore"] = "sqlite",
        ["ReadModels"] = "memory",
        ["Bus"] = "memory",
        ["Stripe:ApiKey"] = "sk_test_simulator",
        ["Stripe:ApiBase"] = "http://127.0.0.1:12111",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning", // else several lines per call
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
    };

    /// <summary>The defaults of the settings that are not set.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Missing(IConfiguration configuration) =>
        Values.Where(setting => string.IsNullOrEmpty(configuration[setting.Key])).ToArray();

    /// <exception cref="InvalidOperationException">A setting asks for what this host does not have.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var setting in new[] { "ReadModels", "Bus" })
            if (configuration[setting] != "memory")
                throw new InvalidOperationException($"{setting} is '{configuration[setting]}'; expected memory, the embedded default");
    }
}
