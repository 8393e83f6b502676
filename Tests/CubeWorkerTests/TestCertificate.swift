/// An untrusted certificate of `localhost`, valid for a hundred years, and its private key, which protects nothing.
enum TestCertificate {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUGgAwIBAgIUdQGbVjTNTaVDm42AHicByXWr3aYwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODAzMTcyNFoYDzIxMjYxMTA0
        MDMxNzI0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQS0CwtfMUKImbir12qQ63H4iKN0D6coqImmiTjd8TT47fW+mwuasWR
        7aCL97jgmp9xDYHneVLuwWf4JTD4wwiso28wbTAdBgNVHQ4EFgQUxIlmEGxKNanc
        z4tRY8ZSjpUPrTUwHwYDVR0jBBgwFoAUxIlmEGxKNancz4tRY8ZSjpUPrTUwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAJ2e1lnpCd4/qJ7eDzLT3wtTGgiWSC2J304Nm+9N9DqtAiEA
        3+7WNoA0aJ5rz3GPTItJ9K8C1zOn1B6qHmzjdrl0Upc=
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgipMA7LH9AGiwyTFp
        mbIJLgUoeyNThn6xJhPZMx2VkY2hRANCAAQS0CwtfMUKImbir12qQ63H4iKN0D6c
        oqImmiTjd8TT47fW+mwuasWR7aCL97jgmp9xDYHneVLuwWf4JTD4wwis
        -----END PRIVATE KEY-----
        """
}
