namespace Metering.SystemTests;

/// <summary>The servers that the environment names; a test that needs one that it does not name is skipped, in CI it fails.</summary>
internal static class Servers
{
    public static string RabbitMq() => Named("RABBITMQ");

    private static string Named(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named) return named;
        var message = $"{variable} is not set: `make test` starts a server and sets it";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(message);
        Assert.Ignore(message);
        return "";
    }
}
